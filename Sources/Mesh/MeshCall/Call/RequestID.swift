internal import Synchronization

/// The name of one request, the same in all programs that it goes through. For reading logs, not for security.
enum RequestID {
    static let maximumBytes = 128

    /// The caller's, where it is fit for a log line.
    static func given(_ metadata: Metadata) -> String? {
        guard let id = metadata[CallContext.requestIDKey], !id.isEmpty, id.utf8.count <= maximumBytes,
            id.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        return id
    }

    /// One system call a process: what tells requests apart is the counter, spread by SplitMix64's finalizer (Steele et al., 2014).
    private static let counter = Atomic<UInt64>(.random(in: .min ... .max))

    /// A new one: 16 hexadecimal digits.
    static func make() -> String {
        var bits = counter.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        let digits = String(bits ^ bits >> 31, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
