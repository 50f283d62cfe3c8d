internal import CTorch

// Elementwise operations; shapes broadcast as in PyTorch, and so do dtypes.
extension Tensor {
    private func unary(_ name: String, _ op: ctorch_unary_op) throws(TensorError) -> Tensor {
        try Tensor(op: name, self) { ctorch_unary(op, raw) }
    }

    private func binary(_ name: String, _ op: ctorch_binary_op, _ other: Tensor) throws(TensorError) -> Tensor {
        try Tensor(op: name, self, other) { ctorch_binary(op, raw, other.raw) }
    }

    private func binary(_ name: String, _ op: ctorch_binary_op, _ other: Scalar) throws(TensorError) -> Tensor {
        try Tensor(op: name, self) { ctorch_binary_scalar(op, raw, other.raw) }
    }

    /// Sum.
    public static func + (a: Tensor, b: Tensor) throws(TensorError) -> Tensor { try a.binary("+", ctorch_add, b) }
    /// Difference.
    public static func - (a: Tensor, b: Tensor) throws(TensorError) -> Tensor { try a.binary("-", ctorch_sub, b) }
    /// Product, element by element.
    public static func * (a: Tensor, b: Tensor) throws(TensorError) -> Tensor { try a.binary("*", ctorch_mul, b) }
    /// Quotient.
    public static func / (a: Tensor, b: Tensor) throws(TensorError) -> Tensor { try a.binary("/", ctorch_div, b) }
    /// Sum with a number.
    public static func + (a: Tensor, b: Scalar) throws(TensorError) -> Tensor { try a.binary("+", ctorch_add, b) }
    /// Difference to a number.
    public static func - (a: Tensor, b: Scalar) throws(TensorError) -> Tensor { try a.binary("-", ctorch_sub, b) }
    /// Product with a number.
    public static func * (a: Tensor, b: Scalar) throws(TensorError) -> Tensor { try a.binary("*", ctorch_mul, b) }
    /// Product with a number.
    public static func * (a: Double, b: Tensor) throws(TensorError) -> Tensor {
        try b.binary("*", ctorch_mul, .real(a))
    }
    /// Quotient by a number.
    public static func / (a: Tensor, b: Scalar) throws(TensorError) -> Tensor { try a.binary("/", ctorch_div, b) }
    /// The opposite.
    public static prefix func - (a: Tensor) throws(TensorError) -> Tensor { try a.unary("negation", ctorch_neg) }

    /// Each element to a power.
    public func power(_ exponent: Scalar) throws(TensorError) -> Tensor { try binary("power", ctorch_pow, exponent) }
    /// Each element to the power of the element of `exponent`.
    public func power(_ exponent: Tensor) throws(TensorError) -> Tensor { try binary("power", ctorch_pow, exponent) }
    /// The larger of each pair.
    public func maximum(_ other: Tensor) throws(TensorError) -> Tensor {
        try binary("maximum", ctorch_maximum, other)
    }
    /// The larger of each element and a number.
    public func maximum(_ other: Scalar) throws(TensorError) -> Tensor {
        try binary("maximum", ctorch_maximum, other)
    }
    /// The smaller of each element and a number.
    public func minimum(_ other: Scalar) throws(TensorError) -> Tensor {
        try binary("minimum", ctorch_minimum, other)
    }
    /// Each element brought between two numbers.
    public func clamped(_ low: Double, _ high: Double) throws(TensorError) -> Tensor {
        try Tensor(op: "clamp", self) { ctorch_clamp(raw, low, high) }
    }

    /// Where the elements are equal, as bool.
    public func equal(_ other: Tensor) throws(TensorError) -> Tensor { try binary("equal", ctorch_eq, other) }
    /// Where the elements equal a number, as bool.
    public func equal(_ other: Scalar) throws(TensorError) -> Tensor { try binary("equal", ctorch_eq, other) }
    /// Where the elements differ from a number, as bool.
    public func notEqual(_ other: Scalar) throws(TensorError) -> Tensor { try binary("notEqual", ctorch_ne, other) }
    /// Where the elements are smaller, as bool.
    public func less(_ other: Tensor) throws(TensorError) -> Tensor { try binary("less", ctorch_lt, other) }
    /// Where the elements are smaller than a number, as bool.
    public func less(_ other: Scalar) throws(TensorError) -> Tensor { try binary("less", ctorch_lt, other) }
    /// Where the elements are greater than a number, as bool.
    public func greater(_ other: Scalar) throws(TensorError) -> Tensor { try binary("greater", ctorch_gt, other) }
    /// Where both are true, as bool.
    public func and(_ other: Tensor) throws(TensorError) -> Tensor { try binary("and", ctorch_and, other) }
    /// Where either is true, as bool.
    public func or(_ other: Tensor) throws(TensorError) -> Tensor { try binary("or", ctorch_or, other) }
    /// Where an element is not true, as bool.
    public func not() throws(TensorError) -> Tensor { try unary("not", ctorch_logical_not) }
    /// Where elements are neither infinite nor NaN, as bool.
    public func isFinite() throws(TensorError) -> Tensor { try unary("isFinite", ctorch_isfinite) }

    /// e to each element.
    public func exp() throws(TensorError) -> Tensor { try unary("exp", ctorch_exp) }
    /// Natural logarithm.
    public func log() throws(TensorError) -> Tensor { try unary("log", ctorch_log) }
    /// Square root.
    public func squareRoot() throws(TensorError) -> Tensor { try unary("squareRoot", ctorch_sqrt) }
    /// One over the square root.
    public func reciprocalSquareRoot() throws(TensorError) -> Tensor { try unary("rsqrt", ctorch_rsqrt) }
    /// One over each element.
    public func reciprocal() throws(TensorError) -> Tensor { try unary("reciprocal", ctorch_reciprocal) }
    /// Size without sign.
    public func magnitude() throws(TensorError) -> Tensor { try unary("abs", ctorch_abs) }
    /// The next whole number below.
    public func floor() throws(TensorError) -> Tensor { try unary("floor", ctorch_floor) }
    /// Sine.
    public func sin() throws(TensorError) -> Tensor { try unary("sin", ctorch_sin) }
    /// Cosine.
    public func cos() throws(TensorError) -> Tensor { try unary("cos", ctorch_cos) }
    /// Logistic function.
    public func sigmoid() throws(TensorError) -> Tensor { try unary("sigmoid", ctorch_sigmoid) }
    /// x·σ(x), also called swish.
    public func silu() throws(TensorError) -> Tensor { try unary("silu", ctorch_silu) }
    /// x·Φ(x), Φ being the normal distribution's: the exact form, by the error function.
    public func gelu() throws(TensorError) -> Tensor { try unary("gelu", ctorch_gelu) }

    /// Adds to this storage.
    public func addInPlace(_ other: Tensor) throws(TensorError) {
        try Tensor.act("add", self, other) { ctorch_binary_in_place(ctorch_add, raw, other.raw) }
    }
    /// Multiplies this storage.
    public func multiplyInPlace(_ other: Tensor) throws(TensorError) {
        try Tensor.act("multiply", self, other) { ctorch_binary_in_place(ctorch_mul, raw, other.raw) }
    }
    /// Divides this storage.
    public func divideInPlace(_ other: Tensor) throws(TensorError) {
        try Tensor.act("divide", self, other) { ctorch_binary_in_place(ctorch_div, raw, other.raw) }
    }
    /// Subtracts from this storage.
    public func subtractInPlace(_ other: Tensor) throws(TensorError) {
        try Tensor.act("subtract", self, other) { ctorch_binary_in_place(ctorch_sub, raw, other.raw) }
    }
    /// Multiplies this storage by a number.
    public func multiplyInPlace(_ value: Scalar) throws(TensorError) {
        try Tensor.act("multiply", self) { ctorch_binary_scalar_in_place(ctorch_mul, raw, value.raw) }
    }
    /// Raises this storage to a power.
    public func powerInPlace(_ exponent: Scalar) throws(TensorError) {
        try Tensor.act("power", self) { ctorch_binary_scalar_in_place(ctorch_pow, raw, exponent.raw) }
    }
    /// Writes the exponential over this storage.
    public func expInPlace() throws(TensorError) {
        try Tensor.act("exp", self) { ctorch_unary_in_place(ctorch_exp, raw) }
    }
    /// Writes the logarithm over this storage.
    public func logInPlace() throws(TensorError) {
        try Tensor.act("log", self) { ctorch_unary_in_place(ctorch_log, raw) }
    }
    /// Writes the opposite over this storage.
    public func negateInPlace() throws(TensorError) {
        try Tensor.act("negation", self) { ctorch_unary_in_place(ctorch_neg, raw) }
    }
    /// Writes x·σ(x) over this storage.
    public func siluInPlace() throws(TensorError) {
        try Tensor.act("silu", self) { ctorch_unary_in_place(ctorch_silu, raw) }
    }
}
