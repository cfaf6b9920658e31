import Foundation

/// Which room may import which, and who may import a C module.
enum ImportRules {
    /// Rooms in the order of height; a target imports its own room or a lower one.
    static let heights: [String: Int] = [
        "System": 0, "Mesh": 1, "Trading": 1, "Platform": 2, "Exchange": 3, "Services": 4, "Tools": 5, "Programs": 6, "Testing": 5,
        "Tests": 7,
    ]

    /// The only targets that see a C module: everything else sees Swift values.
    static let importersOfC: [String: Set<String>] = [
        "COpenSSL": ["MeshTLS", "Cryptography", "MeshTLSTests", "MeshFuzz", "MeshFuzzTests"],
        "CProtobufC": ["MeshMessages", "ServiceAPI", "MeshGenerator"],
        "CMessages": ["MeshMessages"],
        "CServiceMessages": ["ServiceAPI"],
        "CPluginMessages": ["MeshGenerator"],
        "CBenchMessages": ["MeshBench"],
        "CArgon2": ["Cryptography"],
        "CLinux": ["ServiceKit", "Deployment", "Secrets"],
        "CPKCS11": ["SecretStores", "SecretStoresTests"],
        "CByteSearch": ["IntegrationTests"],
        "GRDBSQLite": ["Storage"],
        "SQLite3": [],
    ]

    /// Rooms that do no I/O: what they may import at all.
    static let pure: [String: Set<String>] = [
        "MeshWire": [], "Trading": ["Crypto"],
    ]

    struct Import {
        let module: String
        let access: String
        let line: Int
    }

    static func imports(of file: SourceFile) -> [Import] {
        file.code.compactMap { line in
            line.text.wholeMatch(of: /\s*(?:@\w+(?:\([^)]*\))?\s+)*(public |package |internal |private |fileprivate )?import (?:\w+ )?([A-Za-z_]\w*).*/)
                .map { Import(module: String($0.2), access: $0.1.map { $0.trimmingCharacters(in: .whitespaces) } ?? "", line: line.number) }
        }
    }

    static func violations(in file: SourceFile, manifest: Manifest) -> [Violation] {
        guard let name = file.target(among: Set(manifest.targets.keys)), let target = manifest.targets[name] else {
            return [Violation(path: file.path, line: 1, why: "belongs to no target of Package.swift")]
        }
        return imports(of: file).flatMap { found in
            reasons(against: found, from: target, manifest: manifest).map { Violation(path: file.path, line: found.line, why: $0) }
        }
    }

    private static func reasons(against found: Import, from target: Manifest.Target, manifest: Manifest) -> [String] {
        var why: [String] = []
        if let allowed = importersOfC[found.module] {
            if !allowed.contains(target.name) { why.append("only \(allowed.sorted()) may import \(found.module)") }
            if ["public", "package"].contains(found.access) {
                why.append("\(found.access) import of \(found.module) would let C types into signatures others see")
            }
        }
        if let allowed = pure[target.name], !allowed.contains(found.module) {
            why.append("\(target.name) is pure values: it may import only \(allowed.sorted())")
        }
        if let other = manifest.targets[found.module], other.name != target.name {
            why += arrowReasons(from: target, to: other)
        }
        return why
    }

    private static func arrowReasons(from target: Manifest.Target, to other: Manifest.Target) -> [String] {
        var why: [String] = []
        if !target.uses.contains(other.name) { why.append("\(other.name) is not a declared dependency of \(target.name)") }
        if let mine = heights[target.room], let theirs = heights[other.room], theirs > mine {
            why.append("an arrow points up: \(target.room) may not import \(other.room)")
        }
        if target.room == "Services", other.room == "Services" { why.append("a service never imports another service") }
        if other.room == "Testing", target.room != "Tests", target.room != "Testing" { why.append("only tests import Testing") }
        return why
    }
}
