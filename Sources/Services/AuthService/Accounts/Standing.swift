/// What others have said of an account: its role, and whether an admin knows the person.
struct Standing: Sendable, Equatable {
    enum Role: String, Sendable {
        case user
        /// Records verifications.
        case admin
    }

    let role: Role
    /// Seconds since 1970; nil without a verification.
    let verifiedAt: Int64?
}

/// An admin's record about a person.
struct Verification: Sendable {
    let userID: String
    let adminID: String
    let reason: String
    let isWithdrawn: Bool
}
