internal import Foundation

/// Answers as models give them.
public enum ModelAnswers {
    /// One chunk with a piece of text.
    public static func text(_ text: String) -> String { chunk(["content": text]) }

    public static func call(_ index: Int, id: String? = nil, name: String? = nil, arguments: String = "") -> String {
        var function: [String: Any] = ["arguments": arguments]
        function["name"] = name
        var call: [String: Any] = ["index": index, "function": function]
        if let id { (call["id"], call["type"]) = (id, "function") }
        return chunk(["tool_calls": [call]])
    }

    public static func finish(_ reason: String) -> String { chunk([:], finish: reason) }
    public static let done = "[DONE]"

    private static func chunk(_ delta: [String: Any], finish: String? = nil) -> String {
        let choice: [String: Any] = ["index": 0, "delta": delta, "finish_reason": finish as Any? ?? NSNull()]
        let object: [String: Any] = ["id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "test", "choices": [choice]]
        let data = (try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// Which models there are.
    public static let models: ModelServer.Answer = { _ in
        Reply(headers: [("content-type", "application/json")], pieces: [Array(#"{"object":"list","data":[{"id":"test-model","object":"model"}]}"#.utf8)])
    }

    /// Proposes what a person who says "buy 0.1 BTC at market" asks for, and looks up the price for whoever asks how a market is doing.
    public static let trader: ModelServer.Answer = { question in
        let messages = ((try? JSONSerialization.jsonObject(with: Data(question.body.utf8)) as? [String: Any])?["messages"] as? [[String: Any]]) ?? []
        guard messages.last?["role"] as? String != "tool" else {
            return .events([text("That is "), text("what I found."), finish("stop"), done], pieceBytes: 7)
        }
        let said = messages.last?["content"] as? String ?? ""
        let price = [call(0, id: "c0", name: "price", arguments: #"{"symbol":"BT"#), call(0, arguments: #"CUSDT"}"#)]
        guard let order = said.wholeMatch(of: /buy ([0-9.]+) BTC at market/) else {
            return .events([text("I look. ")] + price + [finish("tool_calls"), done], pieceBytes: 11)
        }
        let arguments = #"{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"\#(order.1)"}"#
        let propose = [call(1, id: "c1", name: "propose"), call(1, arguments: String(arguments.prefix(20))), call(1, arguments: String(arguments.dropFirst(20)))]
        return .events([text("I propose that. ")] + price + propose + [finish("tool_calls"), done], pieceBytes: 13)
    }
}
