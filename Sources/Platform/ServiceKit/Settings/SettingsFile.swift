internal import Foundation
internal import Identity
internal import KeyManagement

extension ServiceSettings {
    /// A settings file is small; a longer one is something else.
    static let maximumFileBytes = 1 << 20
    static let environments = EnvironmentNames.all

    /// Reads and checks a settings file.
    ///
    /// - Parameter expected: the executable that reads it.
    /// - Throws: `StartUpError.settings`.
    public static func read(from path: String, expecting expected: String) throws -> ServiceSettings {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StartUpError.settings("\(path) cannot be read")
        }
        guard data.count <= maximumFileBytes else { throw StartUpError.settings("\(path) is longer than \(maximumFileBytes) bytes") }
        let settings: ServiceSettings
        do {
            settings = try JSONDecoder().decode(ServiceSettings.self, from: data)
        } catch let error as DecodingError {
            throw StartUpError.settings("\(path): \(error.whatIsWrong)")
        }
        try settings.check(expecting: expected)
        return settings
    }

    func check(expecting expected: String) throws {
        guard service == expected else {
            throw StartUpError.settings("these settings are for '\(service)', and this program is '\(expected)'")
        }
        guard Self.environments.contains(environment) else {
            throw StartUpError.settings("environment '\(environment)' is none of \(Self.environments.joined(separator: ", "))")
        }
        guard stateDirectory.hasPrefix("/") else {
            throw StartUpError.settings("stateDirectory '\(stateDirectory)' is not an absolute path")
        }
        guard confinement != .off || environment == "development" else {
            throw StartUpError.settings("confinement can be off in the development environment only, not in '\(environment)'")
        }
        try identity.check(service: service)
        try tracing.check()
        if let fault = keys.fault { throw StartUpError.settings("keys: \(fault)") }
        for endpoint in [listen, health] + peers.values + outbound where !(0...65535).contains(endpoint.port) {
            throw StartUpError.settings("\(endpoint) has no valid port")
        }
    }

    /// Writes the file, readable by its owner only.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(self)
        guard FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600]) else {
            throw StartUpError.settings("\(path) cannot be written")
        }
    }
}

extension DecodingError {
    /// The field at fault and why, in one line.
    var whatIsWrong: String {
        switch self {
        case .keyNotFound(let key, let context): "\(Self.path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(Self.path(context.codingPath)): \(context.debugDescription)"
        @unknown default: "it cannot be read"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "the file" : keys.map(\.stringValue).joined(separator: ".")
    }
}
