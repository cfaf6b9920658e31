public import ServiceKit

/// Bounds on what execution holds and how long it waits.
public struct ExecutionLimits: Sendable {
    /// How long a sign-off waits for audit's acknowledgement of the intent.
    public var auditPatience: Duration = .seconds(3)
    /// What must be left of a sign-off's deadline before its nonce is burned.
    public var minimumDispatchTime: Duration = .seconds(1)
    /// How long a key store may take to show that it signs, before the nonce is burned.
    public var keyCheckTime: Duration = .seconds(3)
    /// Kept back from a caller's deadline, so that the answer is in time.
    public var answerReserve: Duration = .milliseconds(200)
    /// Waits before each question to the exchange about an order whose outcome is not known.
    public var queryDelays: [Duration] = [.milliseconds(100), .milliseconds(400), .milliseconds(1000)]
    /// After the last moment in which a request can have left, how long the exchange may still take it: `recvWindow` and a margin.
    public var arrivalWindowMilliseconds: Int64 = 10_000
    /// Oldest book ticker that is taken for the market when an order is proposed.
    public var bookAgeMilliseconds: Int64 = 15_000
    /// The same when an order is sent.
    public var dispatchBookAgeMilliseconds: Int64 = 2_000
    /// How long an instrument's filters are kept.
    public var instrumentLifetime: Duration = .seconds(60)
    /// Calls of one person that may wait for each other.
    public var waitersPerUser = 8
    /// Orders asked about in one `ListOrders`, and how long that may take.
    public var refreshedOrders = 10
    public var refreshTime: Duration = .seconds(2)
    /// Orders looked at in one round of reconciliation, and the time between rounds.
    public var reconciledOrders = 50
    public var reconciliationInterval: Duration = .seconds(5)
    /// How long one round of reconciliation goes on beginning with another order.
    public var reconciliationTime: Duration = .seconds(10)
    /// How long the start waits for the first round.
    public var reconciliationAtStart: Duration = .seconds(5)
    /// Refusals of one person that are told to audit, and people counted apart.
    public var recordedRefusals = RateLimit(perMinute: 20, burst: 20)
    public var refusedPeople = 4096
    /// Keys of one person that wait for activation.
    public var pendingKeys = 5
    /// How long they wait, before they end.
    public var pendingKeyMilliseconds: Int64 = 86_400_000
    /// How long a key store may take to make a key, and how long after that a request to make it may still be under way: then it is destroyed.
    public var keyMakingMilliseconds: Int64 = 4_000
    public var keyMakingGraceMilliseconds: Int64 = 60_000
    /// How long a key store may take to destroy a key, before it is tried again later.
    public var keyDestructionTime: Duration = .seconds(4)
    /// How long one round over the keys that are to end goes on beginning with another.
    public var keyEndingTime: Duration = .seconds(10)
    /// The same where somebody revokes keys and waits: for them all, and their orders. Far less than such a call may take.
    public var keyRevocationTime: Duration = .seconds(4)
    /// Those that may wait while one key is ended.
    public var waitersPerKey = 8
    /// Utterances of which nothing came are kept this long.
    public var utteranceRetentionMilliseconds: Int64 = 86_400_000
    /// Utterances of one person that are kept at once, without those of which a proposal came.
    public var keptUtterances = 1000

    public init() {}

    static let defaultListLength = 50
    static let maxListLength = 200
    static let maxReasonCharacters = 500
    static let maxAPIKeyCharacters = 256
}
