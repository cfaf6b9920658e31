/// Names that a `.proto` may use and Swift or C may not.
enum ReservedWords {
    /// Keywords that can stand as a member's name in backticks.
    static let escapable: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else", "enum",
        "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "inout", "internal", "is", "let",
        "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return", "static", "struct",
        "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var", "where", "while",
    ]

    /// Member names that mean something else even in backticks, or that the generated code itself uses.
    static let members: Set<String> = [
        "self", "Self", "init", "Type", "hashValue", "fullName", "layout", "fill", "packed", "prepared", "unrecognized", "rawValue",
        "known",
    ]

    /// Type names that Swift keeps, or that generated code needs in their usual meaning.
    static let types: Set<String> = [
        "Any", "AnyObject", "Array", "Bool", "Double", "Equatable", "Error", "Float", "Hashable", "Int", "Int32", "Int64", "MeshEnum",
        "MeshMessage", "MessageArena", "MessageError", "MessageLayout", "Never", "Optional", "Protocol", "Result", "Self", "Sendable",
        "String", "Swift", "Task", "Type", "UInt32", "UInt64", "UInt8", "Void", "CValue",
    ]

    /// protoc-c's list: such a field gets an underscore in its C struct.
    static let c: Set<String> = [
        "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl", "const",
        "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit", "extern", "false",
        "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "not", "not_eq", "operator", "or",
        "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "return", "short", "signed", "sizeof", "static",
        "static_cast", "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid", "typename", "union",
        "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
    ]
}
