/// Image codes in rows, `nil` where a code is to be painted.
struct CodeGrid: Hashable, Sendable {
    let height, width: Int
    let codes: [Int32?]

    init(height: Int, width: Int, codes: [Int32?]) {
        precondition(codes.count == height * width)
        self.height = height
        self.width = width
        self.codes = codes
    }

    init(unknown side: Int) { self.init(height: side, width: side, codes: Array(repeating: nil, count: side * side)) }

    func columns(_ range: Range<Int>) -> CodeGrid {
        CodeGrid(
            height: height, width: range.count,
            codes: (0..<height).flatMap { row in range.map { codes[row * width + $0] } })
    }

    func rows(_ range: Range<Int>) -> CodeGrid {
        CodeGrid(
            height: range.count, width: width, codes: Array(codes[range.lowerBound * width..<range.upperBound * width]))
    }

    /// `other` at the right, of the same height.
    func beside(_ other: CodeGrid) -> CodeGrid {
        precondition(height == other.height)
        var joined: [Int32?] = []
        for row in 0..<height {
            joined += codes[row * width..<(row + 1) * width]
            joined += other.codes[row * other.width..<(row + 1) * other.width]
        }
        return CodeGrid(height: height, width: width + other.width, codes: joined)
    }

    /// `other` below, of the same width.
    func above(_ other: CodeGrid) -> CodeGrid {
        precondition(width == other.width)
        return CodeGrid(height: height + other.height, width: width, codes: codes + other.codes)
    }
}

/// A picture in work: the square that the model paints, and the codes around it that stay.
struct ImageCanvas: Sendable {
    /// The square, `nil` where it is painted.
    let square: CodeGrid
    /// What stands beside the square in the result, and on which side of it.
    private let rest: (grid: CodeGrid, direction: ImageRequest.Direction)?

    /// A square that is the whole picture.
    init(_ square: CodeGrid) {
        self.square = square
        rest = nil
    }

    /// A square at the `direction` side of `existing`, half of it known: `side/2 − offset` columns (or rows) of the
    /// existing codes, then `side/2 + offset` to be painted (Show-o's extrapolation).
    ///
    /// - Throws: ``MMaDAError`` when the existing picture's other side is not `side` codes, or is too short.
    init(extending existing: CodeGrid, _ direction: ImageRequest.Direction, side: Int, offset: Int) throws(MMaDAError) {
        let isHorizontal = direction == .left || direction == .right
        let known = side / 2 - offset
        guard known > 0, known < side, (isHorizontal ? existing.width : existing.height) >= known else {
            throw .outOfRange(name: "overlap", value: "\(offset)", allowed: "0 to \(max(0, side / 2 - 1)) tokens")
        }
        guard (isHorizontal ? existing.height : existing.width) == side else {
            throw .conflict("a picture can be extended only across a side of \(side) tokens, the model's own")
        }
        let unknown =
            isHorizontal
            ? CodeGrid(height: side, width: side - known, codes: Array(repeating: nil, count: side * (side - known)))
            : CodeGrid(height: side - known, width: side, codes: Array(repeating: nil, count: side * (side - known)))
        switch direction {
        case .right:
            let split = existing.width - known
            square = existing.columns(split..<existing.width).beside(unknown)
            rest = (existing.columns(0..<split), direction)
        case .left:
            square = unknown.beside(existing.columns(0..<known))
            rest = (existing.columns(known..<existing.width), direction)
        case .down:
            let split = existing.height - known
            square = existing.rows(split..<existing.height).above(unknown)
            rest = (existing.rows(0..<split), direction)
        case .up:
            square = unknown.above(existing.rows(0..<known))
            rest = (existing.rows(known..<existing.height), direction)
        }
    }

    /// The whole picture's codes once the square is painted.
    func finished(_ codes: [Int32]) -> CodeGrid {
        let painted = CodeGrid(height: square.height, width: square.width, codes: codes)
        guard let rest else { return painted }
        switch rest.direction {
        case .right: return rest.grid.beside(painted)
        case .left: return painted.beside(rest.grid)
        case .down: return rest.grid.above(painted)
        case .up: return painted.above(rest.grid)
        }
    }
}
