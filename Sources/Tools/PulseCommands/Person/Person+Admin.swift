extension Person {
    /// Records, as an admin, that a person is verified, or no longer.
    ///
    /// - Parameter code: a fresh one-time code of the admin's.
    package func verify(email: String, reason: String, code: String, withdrawing: Bool = false) async throws -> VerificationAnswer {
        let path = "/v1/admin/verifications" + (withdrawing ? "/withdraw" : "")
        return try await post(path, ["email": email, "reason": reason, "code": code])
    }
}

/// `/v1/admin/verifications`
package struct VerificationAnswer: Decodable, Sendable {
    package let userId: String
    /// Seconds since 1970; 0 when it was taken back.
    package let verifiedAt: Int64
}
