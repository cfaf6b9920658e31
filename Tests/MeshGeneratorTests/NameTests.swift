import Testing

@testable import MeshGenerator

@Suite("Names")
struct NameTests {
    @Test(
        "A package's namespace is its last two parts",
        arguments: [
            ("cryptopulse.auth.v1", "AuthV1"), ("cryptopulse.market_data.v1", "MarketDataV1"), ("mesh.v1", "MeshV1"), ("shop", "Shop"),
        ])
    func namespace(package: String, name: String) {
        #expect(SwiftNames.namespace(ofPackage: package) == name)
    }

    @Test(
        "Fields and methods are lowerCamel",
        arguments: [
            ("email", "email"), ("open_time_ms", "openTimeMs"), ("public_key_pem", "publicKeyPem"), ("SignIn", "signIn"),
            ("GetKeys", "getKeys"),
            ("URL", "url"), ("aB", "aB"), ("eTag_id", "eTagId"), ("HTTPProxy", "httpProxy"), ("_private", "_private"),
        ])
    func lowerCamel(proto: String, swift: String) {
        #expect(SwiftNames.field(proto) == swift)
    }

    @Test(
        "Enum cases lose the enum's name",
        arguments: [
            ("ORDER_STATE_PARTIALLY_FILLED", "OrderState", "partiallyFilled"), ("SIDE_BUY", "Side", "buy"), ("OTHER", "Side", "other"),
            ("INTERVAL_1H", "Interval", "_1h"), ("KIND_DEFAULT", "Kind", "`default`"), ("SIDE_", "Side", "side"),
        ])
    func enumCase(value: String, type: String, swift: String) {
        #expect(SwiftNames.enumCase(value, of: type) == swift)
    }

    @Test(
        "Reserved words get backticks, or a suffix where backticks don't help",
        arguments: [
            ("class", "`class`"), ("in", "`in`"), ("protocol", "`protocol`"), ("self", "selfField"), ("init", "initField"),
            ("packed", "packedField"),
        ])
    func reservedFields(proto: String, swift: String) {
        #expect(SwiftNames.field(proto) == swift)
    }

    @Test("Reserved type names get a suffix")
    func reservedTypes() {
        #expect(SwiftNames.message("Any") == "AnyMessage")
        #expect(SwiftNames.enumeration("Type") == "TypeEnum")
        #expect(SwiftNames.message("Order") == "Order")
    }

    @Test("C names are protoc-c's")
    func cNames() {
        #expect(CNames.type("cryptopulse.market_data.v1.GetPriceRequest") == "Cryptopulse__MarketData__V1__GetPriceRequest")
        #expect(CNames.initializer("cryptopulse.market_data.v1.GetPriceRequest") == "cryptopulse__market_data__v1__get_price_request__init")
        #expect(CNames.field("Class") == "class_")
        #expect(CNames.oneofCase("event") == "event_case")
    }

    @Test("A literal is Swift's, whatever it holds")
    func literals() {
        #expect(literal("a\"b\\c\n\u{7f}é\\(x)") == #""a\"b\\c\u{a}\u{7f}é\\(x)""#)
    }
}
