import Testing

@testable import MeshGenerator

@Suite("What is refused, and what it says", .enabled(if: Protoc.isUsable, "SKIP: protoc is not installed"))
struct RefusalTests {
    struct Case: CustomTestStringConvertible {
        var proto: String
        var says: String
        var testDescription: String { says }
    }

    private static let head = "syntax = \"proto3\"; package a.v1; import \"mesh/v1/options.proto\"; "

    @Test(arguments: [
        Case(proto: "message M { optional string a = 1; }", says: "a.v1.M.a: proto3 `optional` is not supported"),
        Case(proto: "message M { string a = 1 [json_name = \"b\"]; }", says: "a.v1.M.a: `json_name` is not supported"),
        Case(proto: "message M { map<string, string> a = 1; }", says: "a.v1.M.a: map fields are not supported"),
        Case(proto: "message M { M a = 1; }", says: "a.v1.M holds itself"),
        Case(proto: "message M { N n = 1; } message N { oneof o { M m = 1; } }", says: "a.v1.M holds itself"),
        Case(proto: "message M { string a_b = 1; oneof aB { string c = 2; } }", says: "a.v1.M: two members would be named aB"),
        Case(proto: "message M {} service S { rpc A(M) returns (M); rpc a(M) returns (M); }", says: "a.v1.S: two members would be named a"),
        Case(proto: method("callers: [\"x\"] tokens: [TOKEN_TYPE_ACCESS]"), says: "the policy needs default_deadline_ms"),
        Case(proto: method("default_deadline_ms: 1"), says: "a policy without callers"),
        Case(proto: method("callers: [\"x\"] default_deadline_ms: 1"), says: "need `tokens`"),
        Case(
            proto: method("callers: [\"x\"] callers_without_user: [\"y\"] default_deadline_ms: 1"),
            says: "y stands in callers_without_user but not in callers"),
        Case(proto: method("callers: [\"x\"] tokens: [TOKEN_TYPE_UNSPECIFIED] default_deadline_ms: 1"), says: "unknown token type 0"),
    ])
    func refused(example: Case) async throws {
        let error = await #expect(throws: GeneratorError.self) { try await Protoc.generate(Self.head + example.proto) }
        #expect(error?.description.contains(example.says) == true, "\(error.map(\.description) ?? "nothing")")
    }

    private static func method(_ policy: String) -> String {
        "message M {} service S { rpc A(M) returns (M) { option (mesh.v1.policy) = { \(policy) }; } }"
    }

    @Test("proto2 and its groups, and files without a package")
    func otherSyntax() async throws {
        let proto2 = await #expect(throws: GeneratorError.self) { try await Protoc.generate("package a.v1; message M { optional group G = 1 {} }") }
        #expect(proto2?.description.contains("only proto3") == true)
        let bare = await #expect(throws: GeneratorError.self) { try await Protoc.generate("syntax = \"proto3\"; message M {}") }
        #expect(bare?.description.contains("a package is needed") == true)
    }

    @Test("Messages with more fields than the scan can tell apart")
    func tooManyFields() async throws {
        let fields = (1...257).map { "string f\($0) = \($0);" }.joined()
        let error = await #expect(throws: GeneratorError.self) { try await Protoc.generate(Self.head + "message M { \(fields) }") }
        #expect(error?.description.contains("257 fields") == true)
    }

    @Test(
        "Options that don't exist, and messages without the C module", arguments: ["emit=stubs", "table", "c_module=a-b", "emit=messages"])
    func options(parameter: String) async {
        await #expect(throws: GeneratorError.self) { try await Protoc.generate(Self.head + "message M {}", parameter) }
    }

    @Test("A request that is none is answered with an error, which protoc shows")
    func malformedRequest() {
        let answer = String(decoding: MeshGenerator.respond(to: [0xff, 0xff]), as: UTF8.self)
        #expect(answer.contains("not a CodeGeneratorRequest"))
    }
}
