/// What an environment's settings say about the life of one kind of key. What they leave out is as everywhere.
public struct KeySchedule: Codable, Sendable, Equatable {
    /// Days in use after which there is a warning, an alert, and no use any more.
    public var warnAfterDays: Int64?
    public var rotateAfterDays: Int64?
    public var refuseAfterDays: Int64?
    /// Seconds between a new key's being made and its being used, in which those who check it learn of it.
    public var leadSeconds: Int64?
    /// Seconds for which what a retired key did still counts.
    public var overlapSeconds: Int64?

    public init(
        warnAfterDays: Int64? = nil, rotateAfterDays: Int64? = nil, refuseAfterDays: Int64? = nil, leadSeconds: Int64? = nil,
        overlapSeconds: Int64? = nil
    ) {
        self.warnAfterDays = warnAfterDays
        self.rotateAfterDays = rotateAfterDays
        self.refuseAfterDays = refuseAfterDays
        self.leadSeconds = leadSeconds
        self.overlapSeconds = overlapSeconds
    }

    public var age: KeyAge {
        let usual = KeyAge()
        return KeyAge(
            warnAfter: warnAfterDays ?? usual.warnAfter, dueAfter: rotateAfterDays ?? usual.dueAfter, refuseAfter: refuseAfterDays)
    }

    /// What is wrong with it, in words; nil for nothing.
    public var fault: String? {
        let spans = [warnAfterDays, rotateAfterDays, refuseAfterDays, leadSeconds, overlapSeconds].compactMap(\.self)
        guard spans.allSatisfy({ (0...Self.longest).contains($0) }) else { return "a span is below 0 or above \(Self.longest)" }
        guard age.warnAfter <= age.dueAfter else { return "warnAfterDays is above rotateAfterDays" }
        guard age.refuseAfter.map({ $0 >= age.dueAfter }) ?? true else { return "refuseAfterDays is below rotateAfterDays" }
        return nil
    }

    /// A hundred years in days; three years in seconds.
    private static let longest: Int64 = 100_000_000
}

/// The schedules of all kinds of key, by kind.
public struct KeySchedules: Codable, Sendable, Equatable {
    private var schedules: [String: KeySchedule]

    public init(_ schedules: [KeyKind: KeySchedule] = [:]) {
        self.schedules = Dictionary(uniqueKeysWithValues: schedules.map { ($0.key.rawValue, $0.value) })
    }

    public init(from decoder: any Decoder) throws {
        schedules = try decoder.singleValueContainer().decode([String: KeySchedule].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(schedules)
    }

    public subscript(kind: KeyKind) -> KeySchedule {
        get { schedules[kind.rawValue] ?? KeySchedule() }
        set { schedules[kind.rawValue] = newValue }
    }

    /// What is wrong with them, in words; nil for nothing.
    public var fault: String? {
        for (name, schedule) in schedules.sorted(by: { $0.key < $1.key }) {
            guard let kind = KeyKind(rawValue: name) else {
                return "\(name) is no kind of key: there is \(KeyKind.allCases.map(\.rawValue).joined(separator: ", "))"
            }
            if let fault = schedule.fault { return "\(name): \(fault)" }
            guard kind.mayBeRefused || schedule.refuseAfterDays == nil else { return "\(name): refuseAfterDays is for mesh-issuing and exchange-trade" }
        }
        return nil
    }
}
