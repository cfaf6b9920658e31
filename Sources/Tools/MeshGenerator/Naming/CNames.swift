/// The names that protoc-c 1.4 gives to the same things.
enum CNames {
    /// `mesh.v1.KeyValue` → `Mesh__V1__KeyValue`.
    static func type(_ fullName: String) -> String {
        parts(fullName).map(SwiftNames.upperCamel).joined(separator: "__")
    }

    /// `mesh.v1.KeyValue` → `mesh__v1__key_value__init`.
    static func initializer(_ fullName: String) -> String {
        parts(fullName).map(lower).joined(separator: "__") + "__init"
    }

    static func field(_ name: String) -> String {
        let lowered = name.lowercased()
        return ReservedWords.c.contains(lowered) ? lowered + "_" : lowered
    }

    /// The struct member that says which field of a oneof is set.
    static func oneofCase(_ name: String) -> String {
        lower(name) + "_case"
    }

    private static func parts(_ name: String) -> [String] {
        name.split(separator: ".").map(String.init)
    }

    private static func lower(_ name: String) -> String {
        var result = ""
        var previousIsUpper = true
        for character in name {
            if character.isUppercase && !previousIsUpper { result.append("_") }
            result += character.lowercased()
            previousIsUpper = character.isUppercase
        }
        return result
    }
}
