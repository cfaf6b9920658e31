/// An unsigned number of 256 bits: products of two mantissas.
struct WideUnsigned {
    private let high: UInt128
    private let low: UInt128

    init(_ left: UInt128, times right: UInt128) {
        let product = left.multipliedFullWidth(by: right)
        high = product.high
        low = product.low
    }

    private init(high: UInt128, low: UInt128) {
        self.high = high
        self.low = low
    }

    /// `divisor` is not zero.
    func divided(by divisor: UInt128) -> (quotient: WideUnsigned, remainder: UInt128) {
        let (top, carry) = high.quotientAndRemainder(dividingBy: divisor)
        let (bottom, remainder) = divisor.dividingFullWidth((carry, low))
        return (WideUnsigned(high: top, low: bottom), remainder)
    }

    /// - Throws: `.overflow` when the value needs more than 128 bits.
    func narrow() throws(DecimalError) -> UInt128 {
        guard high == 0 else { throw .overflow }
        return low
    }
}
