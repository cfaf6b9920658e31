import Foundation
import MeshMessages
import TestSupport
import Testing

/// protoc's own encoder and decoder, which are Google's C++ code.
@Suite("protoc reads and writes the same bytes", .enabled(if: Protoc.isInstalled || Protoc.isRequired, "SKIP: protoc is not installed"))
struct ProtocTests {
    @Test("Every kind of single field")
    func scalars() async throws {
        try await check(
            Samples.scalars, "Scalars",
            """
            double_value: -1.5 float_value: 0.25 int32_value: -2147483648 int64_value: -9223372036854775808
            uint32_value: 4294967295 uint64_value: 18446744073709551615 sint32_value: -77 sint64_value: -9223372036854775808
            fixed32_value: 4294967295 fixed64_value: 9223372036854775808 sfixed32_value: -1 sfixed64_value: -9223372036854775808
            bool_value: true string_value: "Grüße, 世界 🪙" bytes_value: "\\000\\001\\377\\000" colour: COLOUR_DARK_BLUE
            temperature: TEMPERATURE_COLD leaf { name: "leaf" }
            """)
    }

    @Test("Every kind of list")
    func lists() async throws {
        try await check(
            Samples.lists, "Lists",
            """
            double_values: [0, -2.5] float_values: [0.5, 0] int32_values: [0, -1, 2147483647] int64_values: [-9223372036854775808, 0]
            uint32_values: [300] uint64_values: [18446744073709551615, 1] sint32_values: [-1, 1]
            sint64_values: [-9223372036854775808, 9223372036854775807] fixed32_values: [1, 2] fixed64_values: [18446744073709551615]
            sfixed32_values: [-3] sfixed64_values: [-4, 4] bool_values: [true, false, true] string_values: ["", "a", "ß"]
            bytes_values: ["", "\\000", "\\001\\002"] colours: [COLOUR_RED, COLOUR_UNSPECIFIED, 99] temperatures: [TEMPERATURE_COLD, -9]
            leaves {} leaves { name: "x" } unpacked_values: [7, -7]
            """)
    }

    @Test("Oneofs")
    func choices() async throws {
        try await check(SampleV1.Choice(before: "b", value: .text("")), "Choice", #"before: "b" text: """#)
        try await check(SampleV1.Choice(value: .flag(false)), "Choice", "flag: false")
        try await check(
            SampleV1.Choice(value: .leaf(.init()), second: .otherLeaf(.init(name: "o"))), "Choice", #"leaf {} other_leaf { name: "o" }"#)
    }

    private func check<Message: MeshMessage>(_ message: Message, _ type: String, _ text: String) async throws {
        let theirs = try await Protoc.run("--encode=sample.v1.\(type)", input: Array(text.utf8))
        #expect(try Message(packed: theirs) == message)
        #expect(try message.packed() == theirs)
        // What protoc reads of our bytes, it writes back as the same bytes.
        let decoded = try await Protoc.run("--decode=sample.v1.\(type)", input: message.packed())
        #expect(try await Protoc.run("--encode=sample.v1.\(type)", input: decoded) == theirs)
    }
}

enum Protoc {
    static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"
    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc")

    struct Failed: Error {
        var output: String
    }

    static func run(_ option: String, input: [UInt8]) async throws -> [UInt8] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let protoc = try await ProgramRun.of("protoc", [option, "sample/v1/sample.proto"], input: input, in: root.appending(path: "proto"))
        guard protoc.succeeded else { throw Failed(output: protoc.text) }
        return protoc.output
    }
}
