internal import NIOCore

/// What calls made inside a call take over from it. Set around every handler; cancellation travels by the task itself.
public struct CallContext: Sendable {
    private enum Source {
        case given(NIODeadline, requestID: String)
        case running(RunningCall)
    }

    private let source: Source

    public init(deadline: ContinuousClock.Instant, requestID: String) {
        source = .given(NIODeadline(deadline), requestID: requestID)
    }

    init(_ running: RunningCall) {
        source = .running(running)
    }

    /// When the caller stops waiting.
    public var deadline: ContinuousClock.Instant { monotonicDeadline.instant }

    var monotonicDeadline: NIODeadline {
        switch source {
        case .given(let deadline, _): deadline
        case .running(let running): running.call.deadline
        }
    }

    /// Travels from gateway through every call of one request, as metadata `x-request-id`.
    public var requestID: String {
        switch source {
        case .given(_, let requestID): requestID
        case .running(let running): running.call.requestID
        }
    }

    /// The call being served by this task.
    @TaskLocal public static var current: CallContext?

    /// Kept back from outgoing calls, so that their failure can still be answered in time.
    public static let deadlineMargin: Duration = .milliseconds(10)

    /// Name of the metadata entry that carries `requestID`.
    public static let requestIDKey = "x-request-id"

    /// A new request id: 16 hexadecimal digits.
    public static func makeRequestID() -> String { RequestID.make() }
}

extension NIODeadline {
    /// Event loops tell the time in nanoseconds, which is cheaper than a `Duration`: calls keep theirs so.
    init(_ instant: ContinuousClock.Instant) {
        self = .now() + TimeAmount.nanoseconds((instant - .now).clampedNanoseconds)
    }

    var instant: ContinuousClock.Instant {
        .now + .nanoseconds((self - .now()).nanoseconds)
    }

    /// Nanoseconds from `now`; below zero when it has passed.
    func nanoseconds(after now: NIODeadline) -> Int64 { (self - now).nanoseconds }
}
