/// The agent's own part of its settings.
struct AgentOptions: Decodable, Sendable {
    /// Markets that the embedded analyst speaks of.
    var symbols: [String]?
    /// The language model that answers; absent: the embedded analyst does.
    var model: ModelOptions?
}

/// A language model behind the chat completions API. Its key is the secret `llm-api-key`.
struct ModelOptions: Decodable, Sendable {
    /// `https://api.example.com/v1`, without `/chat/completions`.
    var baseURL: String
    /// As its server calls it.
    var name: String
    /// PEM file of the certificate authorities to trust; the system's when absent.
    var rootsPath: String?

    /// - Throws: `ModelAddress.Fault`.
    func address() throws(ModelAddress.Fault) -> ModelAddress {
        guard (1...200).contains(name.utf8.count) else { throw ModelAddress.Fault(why: "name has 1 to 200 bytes") }
        return try ModelAddress(baseURL)
    }
}
