internal import ServiceAPI

struct SignUpView: Encodable {
    struct Authenticator: Encodable {
        let secret: String
        let uri: String
    }

    let userId: String
    let totp: Authenticator

    init(_ answer: AuthV1.SignUpResponse) {
        userId = answer.userId
        totp = Authenticator(secret: answer.enrolment?.secret ?? "", uri: answer.enrolment?.uri ?? "")
    }
}

struct SessionView: Encodable {
    let userId: String
    let accessToken: String
    /// Seconds.
    let accessExpiresIn: UInt32
    let refreshToken: String
    let refreshExpiresIn: UInt32
    let scope: [String]

    init(_ session: AuthV1.Session) {
        userId = session.userId
        accessToken = session.accessToken
        accessExpiresIn = session.accessExpiresIn
        refreshToken = session.refreshToken
        refreshExpiresIn = session.refreshExpiresIn
        scope = session.scope
    }
}

/// `{}`
struct EmptyView: Encodable {}
