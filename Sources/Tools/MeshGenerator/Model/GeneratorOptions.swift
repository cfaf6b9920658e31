/// What `--mesh_opt` says: comma-separated `key=value`, keys may repeat.
///
/// - `emit=messages`, `emit=services`: what to write; default both.
/// - `c_module=NAME`: the module with protoc-c's output for the messages. Needed for messages.
/// - `import=NAME`: a module that the generated code imports publicly, where the messages of other files are.
/// - `table=NAME`: also writes `public enum NAME { static let all }` with every method generated.
/// - `in_runtime`: the code goes into MeshMessages itself and doesn't import it.
/// - `in_calls`: the code goes into MeshCall itself and doesn't import it.
struct GeneratorOptions {
    var messages = false
    var services = false
    var cModule: String?
    var imports: [String] = []
    var table: String?
    var inRuntime = false
    var inCalls = false

    init(parsing parameter: String) throws(GeneratorError) {
        for item in parameter.split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
            try apply(parts[0], parts.count > 1 ? parts[1] : nil)
        }
        if !messages && !services { (messages, services) = (true, true) }
        if messages && cModule == nil {
            throw GeneratorError("messages need c_module=NAME, the module that protoc-c's output is in")
        }
    }

    private mutating func apply(_ key: String, _ value: String?) throws(GeneratorError) {
        switch (key, value) {
        case ("emit", "messages"): messages = true
        case ("emit", "services"): services = true
        case ("c_module", let value?) where isIdentifier(value): cModule = value
        case ("import", let value?) where isIdentifier(value): imports.append(value)
        case ("table", let value?) where isIdentifier(value): table = value
        case ("in_runtime", nil): inRuntime = true
        case ("in_calls", nil): inCalls = true
        default: throw GeneratorError("unknown option \(key)\(value.map { "=\($0)" } ?? "")")
        }
    }
}

private func isIdentifier(_ text: String) -> Bool {
    text.first.map { $0.isLetter || $0 == "_" } == true && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
}
