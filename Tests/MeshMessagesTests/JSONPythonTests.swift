import Foundation
import MeshMessages
import TestSupport
import Testing

/// Google's own implementation of the JSON mapping, the one for Python.
@Suite(
    "Google's protobuf reads and writes the same JSON",
    .enabled(if: PythonProtobuf.isUsable, "SKIP: python3-protobuf or protoc is not installed"))
struct JSONPythonTests {
    @Test("Random messages: they read our JSON as the message, and we read theirs as the message")
    func randomMessages() async throws {
        var random = SplitMix64(seed: 3_339)
        var requests: [PythonProtobuf.Request] = []
        var originals: [(bytes: [UInt8], layout: MessageLayout)] = []
        for _ in 0..<400 {
            try add(RandomSample.scalars(&random), &requests, &originals)
            try add(RandomSample.lists(&random), &requests, &originals)
            try add(RandomSample.choice(&random), &requests, &originals)
        }
        let answers = try await PythonProtobuf.ask(requests)
        for (index, original) in originals.enumerated() {
            let (ofBytes, ofJSON) = (answers[2 * index], answers[2 * index + 1])
            // The same message by their reading, whichever form they got.
            #expect(ofJSON.error == nil && ofJSON.bytes == ofBytes.bytes, "\(requests[2 * index + 1].json ?? "") → \(ofJSON.error ?? "")")
            let theirs = try #require(ofBytes.json)
            #expect(try original.layout.json(original.layout.packed(json: theirs)) == original.layout.json(original.bytes), "\(theirs)")
        }
    }

    private func add<Message: MeshMessage>(
        _ message: Message, _ requests: inout [PythonProtobuf.Request], _ originals: inout [(bytes: [UInt8], layout: MessageLayout)]
    ) throws {
        let bytes = try message.packed()
        let type = String(Message.fullName.dropFirst("sample.v1.".count))
        requests.append(.init(type: type, bytes: Data(bytes)))
        requests.append(.init(type: type, json: try Message.layout.json(bytes)))
        originals.append((bytes, Message.layout))
    }

    @Test("Texts written in other ways are taken by both as the same message, or refused by both")
    func texts() async throws {
        let answers = try await PythonProtobuf.ask(Self.texts.map { PythonProtobuf.Request(type: "Scalars", json: $0) })
        for (text, answer) in zip(Self.texts, answers) {
            let ours = try? SampleV1.Scalars.layout.packed(json: text)
            // Their bytes differ from ours in the order of fields at most; the JSON of both is compared.
            let theirs = try answer.bytes.map { try SampleV1.Scalars.layout.json([UInt8]($0)) }
            #expect(try ours.map { try SampleV1.Scalars.layout.json($0) } == theirs, "\(text): \(answer.error ?? "taken")")
        }
        #expect(answers.contains { $0.error != nil } && answers.contains { $0.error == nil })
    }

    /// Without what Python alone takes: a boolean for a number, [] for an empty message, one field under both names.
    private static let texts = [
        #"{"int32Value":1e5}"#, #"{"int32Value":100000.000}"#, #"{"int32Value":"12345"}"#, #"{"int32Value":"1\u0032345"}"#, #"{"int32Value":0.5}"#,
        #"{"int32Value":00001}"#, #"{"int32Value":2147483648}"#, #"{"int32Value":"-2147483648"}"#, #"{"int32Value":"0x12"}"#, #"{"int32Value":true}"#,
        #"{"uint32Value":4294967296}"#, #"{"uint32Value":-1}"#, #"{"int64Value":"-9223372036854775809"}"#, #"{"uint64Value":18446744073709551615}"#,
        #"{"sint64Value":-9223372036854775808}"#, #"{"fixed64Value":"18446744073709551616"}"#, #"{"sfixed32Value":-2147483648}"#,
        #"{"doubleValue":"NaN"}"#, #"{"doubleValue":-1.7976931348623157e308}"#, #"{"doubleValue":"1.5"}"#, #"{"doubleValue":"-Infinity"}"#,
        #"{"floatValue":3.4028234e38}"#, #"{"floatValue":3.5e38}"#, #"{"floatValue":-1e40}"#, #"{"floatValue":1e-60}"#,
        #"{"boolValue":1}"#, #"{"boolValue":"true"}"#, #"{"boolValue":null}"#, #"{"stringValue":5}"#, #"{"stringValue":"🪙\ud83e\ude99"}"#,
        #"{"bytesValue":"-_"}"#, #"{"bytesValue":"AQ"}"#, #"{"bytesValue":"+/+/"}"#, #"{"bytesValue":null}"#, #"{"colour":"COLOUR_RED"}"#, #"{"colour":1}"#,
        #"{"colour":"COLOUR_GREEN"}"#, #"{"temperature":"TEMPERATURE_FREEZING"}"#, #"{"temperature":-5}"#, #"{"leaf":{}}"#, #"{"leaf":null}"#,
        #"{"leaf":{"name":null}}"#, #"{"leaf":{"nam":""}}"#, #"{"int32_value":3}"#, "5", "",
        "{", "{}", #"{"int32Value":1,"int32Value":1}"#, #"{"int32Value":[]}"#, #"{"int32Value":{}}"#,
    ]
}

/// Python with Google's protobuf, on messages of sample.proto.
enum PythonProtobuf {
    struct Request: Encodable {
        var type: String
        var bytes: Data?
        var json: String?
    }

    struct Answer: Decodable {
        var bytes: Data?
        var json: String?
        var error: String?
    }

    private static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"
    private static let isInstalled = FileManager.default.fileExists(atPath: "/usr/lib/python3/dist-packages/google/protobuf/json_format.py")
    static let isUsable = isRequired || (isInstalled && Protoc.isInstalled)

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func ask(_ requests: [Request]) async throws -> [Answer] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "protobuf-json-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let protoc = try await ProgramRun.of("protoc", ["--python_out=\(folder.path)", "sample/v1/sample.proto"], in: root.appending(path: "proto"))
        guard protoc.succeeded else { throw Protoc.Failed(output: protoc.text) }
        let lines = try requests.map { try JSONEncoder().encode($0) + [0x0a] }
        let python = try await ProgramRun.of(
            "/usr/bin/python3", [root.appending(path: "Tests/Clients/protobuf_json.py").path, folder.path], input: [UInt8](Data(lines.joined())))
        guard python.succeeded else { throw Protoc.Failed(output: python.text) }
        let answers = try python.output.split(separator: 0x0a).map { try JSONDecoder().decode(Answer.self, from: Data($0)) }
        guard answers.count == requests.count else { throw Protoc.Failed(output: python.text) }
        return answers
    }
}
