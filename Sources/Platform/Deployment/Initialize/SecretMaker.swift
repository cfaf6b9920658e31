internal import Crypto
internal import Foundation

/// Makes the random secrets of each service, once, and beside them the mark that names their environment.
struct SecretMaker {
    let folder: StateFolder
    let environment: String

    func makeMissing() throws {
        for name in ServiceName.allCases {
            try writeOnce(Data("\(environment)\n".utf8), to: "\(folder.secrets(name))/environment")
            for kind in name.secrets { try make(kind, in: folder.secrets(name)) }
        }
    }

    private func make(_ kind: SecretKind, in folder: String) throws {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        switch kind {
        case .raw(let name): try writeOnce(bytes, to: "\(folder)/\(name)")
        case .text(let name): try writeOnce(Data(bytes.map { String(format: "%02x", $0) }.joined().utf8), to: "\(folder)/\(name)")
        }
    }

    private func writeOnce(_ bytes: Data, to path: String) throws {
        guard !PrivateFiles.exists(path) else { return }
        try PrivateFiles.write(bytes, to: path)
    }
}
