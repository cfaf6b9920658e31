import Deployment
import Identity
import SecretServers

/// What an environment has of its own.
enum Surface: String, CaseIterable, Sendable {
    case certificate, serverCertificate
    case token, tokenOfSameKey, agentToken, signOffToken
    case sealedSecret, sealedSecretOfSameKey, deviceSecret, secretFile, secretVariable, vaultPrefix, awsPrefix
    case database
    case endpoint
    case auditLog, auditLogOfSameKey
    case stateFolder

    /// Whether what it takes is on this machine, or has to be.
    var isExpected: Bool { self != .deviceSecret || ExternalProgram.softHSM.isExpected }

    /// Brings what is `owner`'s to something of `host`.
    ///
    /// - Returns: what `host` says in refusing it; nil when it accepts.
    func refusal(of owner: String, in host: String) async throws -> String? {
        switch self {
        case .certificate: try await CertificateMeeting(owner: owner, host: host).client()
        case .serverCertificate: try await CertificateMeeting(owner: owner, host: host).server()
        case .token: try await TokenMeeting(owner: owner, host: host).ownKeys()
        case .tokenOfSameKey: try await TokenMeeting(owner: owner, host: host).sameKey()
        case .agentToken: try await TokenMeeting(owner: owner, host: host, kind: .agent).sameKey()
        case .signOffToken: try await TokenMeeting(owner: owner, host: host, kind: .signOff).sameKey()
        case .sealedSecret: try await SecretMeeting(owner: owner, host: host).sealed(sameKey: false)
        case .sealedSecretOfSameKey: try await SecretMeeting(owner: owner, host: host).sealed(sameKey: true)
        case .deviceSecret: try await SecretMeeting(owner: owner, host: host).device()
        case .secretFile: try await SecretMeeting(owner: owner, host: host).files()
        case .secretVariable: try await SecretMeeting(owner: owner, host: host).variables()
        case .vaultPrefix: SecretMeeting(owner: owner, host: host).vault()
        case .awsPrefix: SecretMeeting(owner: owner, host: host).aws()
        case .database: try await DatabaseMeeting(owner: owner, host: host).open()
        case .endpoint: EndpointMeeting(owner: owner, host: host).connect()
        case .auditLog: try await AuditMeeting(owner: owner, host: host).open(sameKey: false)
        case .auditLogOfSameKey: try await AuditMeeting(owner: owner, host: host).open(sameKey: true)
        case .stateFolder: try await StateMeeting(owner: owner, host: host).initialise()
        }
    }

    /// How the refusal names the owner.
    func name(of owner: String) -> String {
        self == .endpoint ? EndpointMeeting.host(of: owner) : owner
    }
}
