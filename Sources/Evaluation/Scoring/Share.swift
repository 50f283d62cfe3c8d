/// A part of a whole, 0 to 1; 0 if there is no whole.
func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
