import Deployment
import Foundation
import LocalMesh
import Testing

extension Integration.CredentialIsolationTests {
    /// What `compose/secrets.md` says a copy of the state folder has in clear. Anything else is a leak, and what is not there any more is to go from that page.
    private static let documented: [String: Set<String>] = {
        var files: [String: Set<String>] = [
            "operator/tls/key.pem": ["operator's mesh key"], "pki/https-issuer.pem": ["HTTPS issuing key"],
            "offline/root.key.pem": ["root key"], "person/session.json": ["refresh token", "access token", "e-mail address"],
        ]
        for name in ServiceName.allCases {
            if name.isMeshMember { files["\(name.rawValue)/tls/key.pem"] = ["mesh key of \(name.rawValue)"] }
            if name.servesHTTPS { files["\(name.rawValue)/tls/https-key.pem"] = ["HTTPS key of \(name.rawValue)"] }
        }
        return files
    }()

    @Test("A stolen state folder, without the wrapping keys, shows no credential and no personal data but in the files that are documented")
    func stolenFolder() async throws {
        let run = try IsolationRun.shared()
        var findings = Findings()
        try findings.search(files: run.mesh.folder.path, for: run.search)
        #expect(findings.clearFiles == Self.documented)
    }

    @Test("What was searched in the stolen folder is everything that keeps something: databases, their WAL, sealed secrets, logs, settings")
    func searchedFiles() async throws {
        let folder = try IsolationRun.shared().mesh.folder
        let paths = Set(try FileManager.default.subpathsOfDirectory(atPath: folder.path))
        for name in ServiceName.allCases {
            var kept = ["settings.json", "log/\(name.rawValue).log"]
            // The gateway keeps none.
            if name != .gateway { kept.append("secrets/\(name.rawValue).sealed") }
            // What neither keeps nor tells anything has no database.
            if OpenedDatabase.owners.contains(name) || name == .audit { kept += ["data/\(name.rawValue).sqlite", "data/\(name.rawValue).sqlite-wal"] }
            for file in kept { #expect(paths.contains("\(name.rawValue)/\(file)"), "\(name.rawValue): \(file)") }
        }
        #expect(paths.contains("supervisor.log") && paths.contains("deployment.json"))
    }
}
