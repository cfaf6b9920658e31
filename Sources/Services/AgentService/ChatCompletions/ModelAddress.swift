internal import FoundationEssentials

/// Where a model's API is: `https://host[:port][/path]`, nothing else.
struct ModelAddress: Sendable, Equatable {
    let base: String

    var completions: String { base + "/chat/completions" }
    /// What there is to choose from: costs nothing to ask, and nobody is told without a good key.
    var models: String { base + "/models" }

    /// - Throws: `Fault`, whose words are for the settings.
    init(_ text: String) throws(Fault) {
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty, url.user == nil, url.password == nil, url.query == nil,
            url.fragment == nil, (1...65535).contains(url.port ?? 443)
        else { throw Fault(why: "is no address: https://host/path") }
        guard url.scheme == "https" else { throw Fault(why: "would send prompts and the key in plain text: use https") }
        base = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    struct Fault: Error {
        let why: String
    }
}
