internal import Foundation
internal import ServiceKit

/// Arguments and outputs as text.
enum ToolJSON {
    /// Longest arguments that are looked at, bytes.
    static let maxArgumentBytes = 4 << 10

    /// Sorted keys: the same value is the same text.
    static func text<Value: Encodable>(_ value: Value) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    static func output<Value: Decodable>(_ type: Value.Type, from text: String) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    /// - Throws: `ToolFailure` when the text is not an object of exactly the arguments that the tool has.
    static func arguments<Arguments: ToolArguments>(_ type: Arguments.Type, from text: String) throws(ToolFailure) -> Arguments {
        let data = Data(text.utf8)
        guard data.count <= maxArgumentBytes, let object = try? JSONDecoder().decode([String: JSONValue].self, from: data) else {
            throw .invalid("the arguments are not a JSON object")
        }
        if let stranger = object.keys.sorted().first(where: { !Arguments.names.contains($0) }) {
            throw .invalid("\(Arguments.tool.rawValue) has no argument \(stranger.prefix(40))")
        }
        guard let arguments = try? JSONDecoder().decode(Arguments.self, from: data) else {
            throw .invalid("the arguments of \(Arguments.tool.rawValue)")
        }
        try arguments.check()
        return arguments
    }
}
