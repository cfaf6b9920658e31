/// What calls made inside a call take over from it. Set around every handler; cancellation travels by the task itself.
public struct CallContext: Sendable {
    /// When the caller stops waiting.
    public var deadline: ContinuousClock.Instant
    /// Travels from gateway through every call of one request, as metadata `x-request-id`.
    public var requestID: String

    public init(deadline: ContinuousClock.Instant, requestID: String) {
        self.deadline = deadline
        self.requestID = requestID
    }

    /// The call being served by this task.
    @TaskLocal public static var current: CallContext?

    /// Kept back from outgoing calls, so that their failure can still be answered in time.
    public static let deadlineMargin: Duration = .milliseconds(10)

    /// Name of the metadata entry that carries `requestID`.
    public static let requestIDKey = "x-request-id"

    /// A new random request id: 16 hexadecimal digits.
    public static func makeRequestID() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
