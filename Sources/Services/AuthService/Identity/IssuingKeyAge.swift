/// How long an issuing key may sign. A pure value.
struct IssuingKeyAge: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        case fresh
        /// Rotation is near: the days that are left.
        case nearlyDue(daysLeft: Int64)
        /// Rotation should have been: the key's age in days.
        case overdue(days: Int64)
        /// It signs no more.
        case refused(days: Int64)
    }

    static let day: Int64 = 86400

    /// Days.
    var warnAfter: Int64 = 80
    var dueAfter: Int64 = 90
    /// nil: an overdue key goes on signing.
    var refuseAfter: Int64?

    /// - Parameters: seconds since 1970.
    func verdict(activatedAt: Int64, now: Int64) -> Verdict {
        let days = max(0, now - activatedAt) / Self.day
        if let refuseAfter, days >= refuseAfter { return .refused(days: days) }
        if days >= dueAfter { return .overdue(days: days) }
        return days >= warnAfter ? .nearlyDue(daysLeft: dueAfter - days) : .fresh
    }
}

/// What auth's own part of the settings says about it.
struct AuthOptions: Decodable, Sendable {
    struct IssuingKey: Decodable, Sendable {
        var warnAfterDays: Int64?
        var rotateAfterDays: Int64?
        var refuseAfterDays: Int64?
    }

    var issuingKey: IssuingKey?

    var age: IssuingKeyAge {
        var age = IssuingKeyAge()
        age.warnAfter = issuingKey?.warnAfterDays ?? age.warnAfter
        age.dueAfter = issuingKey?.rotateAfterDays ?? age.dueAfter
        age.refuseAfter = issuingKey?.refuseAfterDays
        return age
    }
}
