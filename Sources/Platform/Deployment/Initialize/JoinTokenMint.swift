internal import Cryptography
public import Foundation

/// Makes join tokens beside auth rather than ask it for them: how a deployment's services come in before anybody has a certificate.
/// A token lies in its service's folder; auth's folder has its hash.
public struct JoinTokenMint {
    private struct Register: Codable {
        struct Token: Codable {
            var sha256: String
            var service: String
            var expiresAt: Int64
        }

        var tokens: [Token] = []
    }

    /// Seconds. A service that runs takes its token within moments.
    static let lifetime: Int64 = 600

    private let folder: StateFolder

    init(folder: StateFolder) {
        self.folder = folder
    }

    private var register: String { folder.enrol(.auth) + "/join-tokens.json" }

    private func tokenFile(_ member: MeshMember) -> String { folder.enrol(member) + "/join-token" }

    /// Gives `member` a token that lives for `lifetime` seconds; one that it had is worth nothing any more.
    func give(to member: MeshMember, lifetime: Int64 = lifetime, now: Int64) throws {
        let bytes = SecureRandom.bytes(32)
        var content = (try? PrivateFiles.read(json: register, as: Register.self)) ?? Register()
        content.tokens.removeAll { $0.expiresAt <= now || $0.service == member.name }
        content.tokens.append(.init(sha256: Hex.encode(Hashing.sha256(bytes)), service: member.name, expiresAt: now + lifetime))
        // auth must know the token before its bearer does.
        try PrivateFiles.write(json: content, to: register)
        try PrivateFiles.write(Base64URL.encode(bytes) + "\n", to: tokenFile(member))
    }

    /// Whether `member` has a token that will be good for a while.
    func hasToken(_ member: MeshMember, now: Int64) -> Bool {
        guard PrivateFiles.exists(tokenFile(member)), let content = try? PrivateFiles.read(json: register, as: Register.self) else { return false }
        return content.tokens.contains { $0.service == member.name && $0.expiresAt > now + 60 }
    }

    /// Takes away a token that has done what it is for: `member` got its certificate after it.
    func takeBack(from member: MeshMember) {
        guard let token = Self.changed(tokenFile(member)), let certificate = Self.changed(folder.tls(member) + "/cert.pem"),
            token < certificate
        else { return }
        unlink(tokenFile(member))
    }

    private static func changed(_ path: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }

    /// Gives one service a token: it is to have its certificate anew.
    public static func give(to name: ServiceName, in folder: StateFolder, now: Date = Date()) throws {
        try JoinTokenMint(folder: folder).give(to: .service(name), now: Int64(now.timeIntervalSince1970))
    }

    /// Gives everybody a token: for when all certificates are to be had anew, or for the first time.
    public static func giveToAll(_ folder: StateFolder, lifetime: Duration = .seconds(600), now: Date = Date()) throws {
        for member in MeshMember.all {
            try JoinTokenMint(folder: folder).give(to: member, lifetime: lifetime.components.seconds, now: Int64(now.timeIntervalSince1970))
        }
    }
}

/// Who has a mesh certificate from auth: a service, or the operator.
enum MeshMember: Hashable, Sendable {
    case service(ServiceName)
    case `operator`

    static let all = ServiceName.allCases.filter(\.enrols).map(MeshMember.service) + [.operator]

    /// As its SPIFFE id names it.
    var name: String {
        switch self {
        case .service(let name): name.rawValue
        case .operator: "operator"
        }
    }
}

extension StateFolder {
    func enrol(_ member: MeshMember) -> String {
        switch member {
        case .service(let name): enrol(name)
        case .operator: operatorEnrol
        }
    }

    func tls(_ member: MeshMember) -> String {
        switch member {
        case .service(let name): tls(name)
        case .operator: operatorTLS
        }
    }
}
