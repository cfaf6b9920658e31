import Testing

@testable import MeshGenerator

@Suite("What is generated", .enabled(if: Protoc.isUsable, "SKIP: protoc is not installed"))
struct GenerationTests {
    private static let proto = """
        syntax = "proto3";
        package acme.shop.v1;
        import "mesh/v1/options.proto";

        // An order.
        //
        //   Indented.
        message Order {
          // Its id.
          string order_id = 1;
          repeated bytes parts = 2; // After the field.
          Any any = 3;
          oneof paid {
            // By card.
            string card = 4;
            Any other = 5;
          }
        }
        message Any {}
        enum Colour {
          COLOUR_UNSPECIFIED = 0;
          // Like blood.
          COLOUR_RED = 1;
        }
        // Sells.
        service Shop {
          // Buys one.
          rpc Buy(Order) returns (Order) {
            option (mesh.v1.policy) = {
              callers: ["till", "robot"] callers_without_user: ["robot"] tokens: [TOKEN_TYPE_ACCESS, TOKEN_TYPE_SIGN_OFF]
              user_scope: "buy" second_factor: true idempotency: IDEMPOTENCY_IDEMPOTENT default_deadline_ms: 1500
              audit: AUDIT_CLASS_BEFORE_EFFECT
            };
          }
          rpc Watch(Any) returns (stream Order) {}
        }
        """

    private let files: [String: String]

    init() async throws {
        files = try await Protoc.generate(Self.proto)
    }

    private func text(_ name: String) throws -> String {
        try #require(files[name], "\(files.keys.sorted())")
    }

    @Test("One file for each type, one for each service, the namespace and the table")
    func fileNames() {
        #expect(
            files.keys.sorted() == [
                "ShopV1/ShopV1+AnyMessage.swift", "ShopV1/ShopV1+Colour.swift", "ShopV1/ShopV1+Order.swift",
                "ShopV1/ShopV1+ShopService.swift",
                "ShopV1/ShopV1.swift", "Table.swift",
            ])
    }

    @Test("Comments are carried over: of messages, fields, oneof members, enum values, services and methods")
    func comments() throws {
        let order = try text("ShopV1/ShopV1+Order.swift")
        #expect(order.contains("    /// An order.\n    ///\n    ///   Indented.\n    public struct Order: MeshMessage {"))
        #expect(order.contains("/// Its id.\n        public var orderId: String = \"\""))
        #expect(order.contains("/// After the field.\n        public var parts: [[UInt8]] = []"))
        #expect(order.contains("/// By card.\n            case card(String)"))
        #expect(try text("ShopV1/ShopV1+Colour.swift").contains("/// Like blood.\n        case red"))
        let service = try text("ShopV1/ShopV1+ShopService.swift")
        #expect(service.contains("/// Sells.\n    public protocol ShopHandler: Sendable {\n        /// Buys one.\n        nonisolated(nonsending) func buy("))
    }

    @Test("A message named like a Swift type is referred to by its new name")
    func renamedReferences() throws {
        let order = try text("ShopV1/ShopV1+Order.swift")
        #expect(order.contains("public var any: ShopV1.AnyMessage?"))
        #expect(order.contains("case other(ShopV1.AnyMessage)"))
        #expect(order.contains("as: Acme__Shop__V1__Any.self"))
    }

    @Test("The policy is the option, word for word")
    func policy() throws {
        let service = try text("ShopV1/ShopV1+ShopService.swift").split(separator: "\n").map { $0.drop { $0 == " " } }.joined(
            separator: " ")
        #expect(
            service.contains(
                """
                public static let buy = MethodDescriptor( service: "acme.shop.v1.Shop", name: "Buy", kind: .unary, \
                policy: MethodPolicy( callers: ["till", "robot"], callersWithoutUser: ["robot"], tokens: [.access, .signOff], \
                userScope: "buy", secondFactor: true, idempotency: .idempotent, defaultDeadline: .milliseconds(1500), audit: .beforeEffect ))
                """))
    }

    @Test("A method without the option gets the policy that lets nobody call")
    func defaultDeny() throws {
        #expect(
            try text("ShopV1/ShopV1+ShopService.swift").contains(
                #"name: "Watch", kind: .serverStreaming,\#n            policy: MethodPolicy())"#))
    }

    @Test("Options choose what is written")
    func options() async throws {
        #expect(try await Protoc.generate(Self.proto, "emit=services,import=ShopMessages").keys.sorted() == ["ShopV1/ShopV1+ShopService.swift"])
        let messages = try await Protoc.generate(Self.proto, "emit=messages,c_module=CShop")
        #expect(messages["ShopV1/ShopV1+Order.swift"]?.contains("internal import CShop\npublic import MeshMessages\n") == true)
        #expect(messages["ShopV1/ShopV1+ShopService.swift"] == nil)
    }

    @Test("The same request gives the same answer, byte by byte")
    func deterministic() async throws {
        let request = try await Protoc.request(Self.proto, parameter: "c_module=CTest")
        #expect(MeshGenerator.respond(to: request) == MeshGenerator.respond(to: request))
    }
}
