/// Which fields of a message were seen, by index; the generator refuses messages with more than 256.
struct FieldSet {
    private var words = SIMD4<UInt64>(repeating: 0)

    /// - Returns: false if it was there already.
    mutating func insert(_ index: Int) -> Bool {
        let (word, bit) = (index >> 6, UInt64(1) << UInt64(index & 63))
        guard word < 4, words[word] & bit == 0 else { return false }
        words[word] |= bit
        return true
    }
}
