/// How long a key may be in use. A pure value; the environment's settings may say otherwise for each kind.
public struct KeyAge: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        case fresh
        /// Rotation is near: the days that are left.
        case nearlyDue(daysLeft: Int64)
        /// Rotation should have been: the key's age in days.
        case overdue(days: Int64)
        /// It is used no more.
        case refused(days: Int64)
    }

    public static let day: Int64 = 86400

    /// Days.
    public var warnAfter: Int64
    public var dueAfter: Int64
    /// nil: an overdue key goes on being used.
    public var refuseAfter: Int64?

    public init(warnAfter: Int64 = 80, dueAfter: Int64 = 90, refuseAfter: Int64? = nil) {
        self.warnAfter = warnAfter
        self.dueAfter = dueAfter
        self.refuseAfter = refuseAfter
    }

    /// - Parameters: seconds since 1970.
    public func verdict(activatedAt: Int64, now: Int64) -> Verdict {
        let days = max(0, now.subtractingReportingOverflow(activatedAt).partialValue) / Self.day
        if let refuseAfter, days >= refuseAfter { return .refused(days: days) }
        if days >= dueAfter { return .overdue(days: days) }
        return days >= warnAfter ? .nearlyDue(daysLeft: dueAfter - days) : .fresh
    }

    /// Of an active key, whose rotation may have been asked for.
    public func verdict(on key: KeyRecord, now: Int64) -> Verdict {
        let activatedAt = key.activatedAt ?? key.createdAt
        let verdict = verdict(activatedAt: activatedAt, now: now)
        guard key.rotationRequested != nil else { return verdict }
        if case .refused = verdict { return verdict }
        return .overdue(days: max(0, now - activatedAt) / Self.day)
    }
}

extension KeyAge.Verdict {
    /// As the operator's commands and the wire show it.
    public var word: String {
        switch self {
        case .fresh: "fresh"
        case .nearlyDue: "nearly_due"
        case .overdue: "overdue"
        case .refused: "refused"
        }
    }
}
