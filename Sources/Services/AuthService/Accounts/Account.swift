/// One person's account as its row says.
struct Account: Sendable {
    let userID: String
    /// PHC string.
    let passwordHash: String
    let sealedSeed: [UInt8]
    /// The step of the last one-time code that was taken; -1 before the first.
    let lastStep: Int64
    /// Whether the person has shown that their authenticator works.
    let isConfirmed: Bool
}

/// An account that has just been asked for.
struct NewAccount: Sendable {
    let userID: String
    let emailIndex: [UInt8]
    let sealedEmail: [UInt8]
    let passwordHash: String
    let sealedSeed: [UInt8]
}
