/// Bounds of one request to a store over the network, its repetitions included.
struct StoreLimits: Sendable {
    /// For the whole request with all its attempts.
    var deadline = Duration.seconds(10)
    /// For one attempt.
    var attempt = Duration.seconds(4)
    var connect = Duration.seconds(2)
    var firstBackoff = Duration.milliseconds(100)
    var longestBackoff = Duration.seconds(2)
    /// Bytes of the longest answer: a value in base64, and what stands around it.
    var maximumReplyBytes = 256 << 10
}
