import MeshTool

/// Orders as text.
enum OrderText {
    static func line(_ order: OrderAnswer) -> String {
        TerminalText.line("\(order.clientOrderId)  \(order.state.padding(to: 17))\(order.side) \(order.executedQuantity)/\(order.quantity) \(order.symbol)"
            + (order.reason.isEmpty ? "" : "  \(order.reason)"))
    }

    static func block(_ order: OrderAnswer, indent: String = "") -> String {
        var lines = [
            "order     \(order.clientOrderId)", "state     \(order.state)" + (order.reason.isEmpty ? "" : " (\(order.reason))"),
            "executed  \(order.executedQuantity) \(order.symbol) for \(order.executedQuote)",
        ]
        lines += order.fills.map { "fill      \($0.quantity) at \($0.price), commission \($0.commission) \($0.commissionAsset)" }
        lines.append("audit     record \(order.auditIndex)")
        return lines.map { indent + TerminalText.line($0) }.joined(separator: "\n")
    }
}
