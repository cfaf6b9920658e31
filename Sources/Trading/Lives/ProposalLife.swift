/// The states of a proposal. The raw value is how it is stored.
public enum ProposalState: String, Sendable, Hashable, CaseIterable {
    case open, rejected, expired, signed, abandoned
}

public enum ProposalEvent: Sendable, Hashable, CaseIterable {
    case reject
    /// A valid sign-off: burns the nonce.
    case signOff
    /// Audit did not acknowledge in time, or the process died before it asked.
    case abandon
}

/// What may happen to a proposal. The nonce is burned in every state but `open` and `expired`.
public struct ProposalLife: Sendable, Hashable {
    public let state: ProposalState
    /// Milliseconds since 1970.
    public let expiresAtMilliseconds: Int64

    public init(state: ProposalState, expiresAtMilliseconds: Int64) {
        self.state = state
        self.expiresAtMilliseconds = expiresAtMilliseconds
    }

    /// The state as it counts at `now`: an open proposal expires by itself.
    public func state(at now: Int64) -> ProposalState {
        state == .open && now >= expiresAtMilliseconds ? .expired : state
    }

    /// The next state, or nil when the event may not happen.
    public func after(_ event: ProposalEvent, at now: Int64) -> ProposalState? {
        switch (state(at: now), event) {
        case (.open, .reject): .rejected
        case (.open, .signOff): .signed
        case (.signed, .abandon): .abandoned
        default: nil
        }
    }
}
