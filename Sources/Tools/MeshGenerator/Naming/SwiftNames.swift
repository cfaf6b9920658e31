/// How proto names become Swift names.
enum SwiftNames {
    /// The enum that holds a package's types: its last two parts, `cryptopulse.market_data.v1` → `MarketDataV1`.
    static func namespace(ofPackage package: String) -> String {
        package.split(separator: ".").suffix(2).map { upperCamel(String($0)) }.joined()
    }

    /// `Any` → `AnyMessage`.
    static func message(_ name: String) -> String {
        ReservedWords.types.contains(name) ? name + "Message" : name
    }

    static func enumeration(_ name: String) -> String {
        ReservedWords.types.contains(name) ? name + "Enum" : name
    }

    /// As it stands where it is declared or used as a member: in backticks where needed.
    static func field(_ name: String) -> String {
        member(lowerCamel(name), suffix: "Field")
    }

    static func method(_ name: String) -> String {
        member(lowerCamel(name), suffix: "Method")
    }

    /// The value's name without the enum's: `ORDER_STATE_FILLED` of `OrderState` → `filled`.
    static func enumCase(_ value: String, of type: String) -> String {
        let prefix = upperSnake(type) + "_"
        var name = value.hasPrefix(prefix) && value.count > prefix.count ? String(value.dropFirst(prefix.count)) : value
        if name.first?.isNumber == true { name = "_" + name }
        return member(lowerCamel(name.lowercased()), suffix: "Value")
    }

    /// `user_id` → `userId`, `SignIn` → `signIn`, `_1h` → `_1h`.
    static func lowerCamel(_ name: String) -> String {
        let camel = upperCamel(name)
        let bare = name.drop { $0 == "_" }
        if let first = bare.first, !first.isUppercase {
            return (name.hasPrefix("_") ? "_" : "") + String(first) + camel.dropFirst()
        }
        let lead = camel.prefix { $0.isUppercase }.count
        // `HTTPProxy` → `httpProxy`, `URL` → `url`, `SignIn` → `signIn`.
        let lowered = lead <= 1 || lead == camel.count ? lead : lead - 1
        return (name.hasPrefix("_") ? "_" : "") + camel.prefix(lowered).lowercased() + camel.dropFirst(lowered)
    }

    static func upperCamel(_ name: String) -> String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// `OrderState` → `ORDER_STATE`.
    static func upperSnake(_ name: String) -> String {
        var words = ""
        var previousIsUpper = true
        for character in name {
            if character.isUppercase && !previousIsUpper { words.append("_") }
            words += character.uppercased()
            previousIsUpper = character.isUppercase
        }
        return words
    }

    private static func member(_ name: String, suffix: String) -> String {
        if ReservedWords.members.contains(name) { return name + suffix }
        return ReservedWords.escapable.contains(name) ? "`\(name)`" : name
    }
}
