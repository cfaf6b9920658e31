/// Why a token is refused. For the log: the bearer learns only that it is not valid.
public enum TokenFailure: Error, Equatable {
    /// Not three canonical base64url parts of bearable size.
    case malformed
    /// The JOSE header is not one that auth writes; the member is named.
    case header(String)
    /// No pinned key has this `kid`. Fetching the keys anew may help.
    case unknownKey(String)
    /// `alg` is not the one pinned to the key.
    case algorithm
    case signature
    /// A claim is missing, of the wrong type, or says something unacceptable; the claim is named.
    case claim(String)
    /// The token, or the keys to check it with, are another environment's; both are named.
    case otherEnvironment(found: String, expected: String)
    case expired
    case notYetValid
}
