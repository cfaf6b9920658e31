import ArgumentParser
import MeshTool

struct OrdersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "orders", abstract: "Lists your orders.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        let orders = try await state.withPerson { try await $0.orders() }
        for order in orders { print(OrderText.line(order)) }
        if orders.isEmpty { print("no orders") }
    }
}

struct PortfolioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "portfolio", abstract: "Shows your balances at the exchange.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        let balances = try await state.withPerson { try await $0.portfolio() }
        for balance in balances {
            print(TerminalText.line("\(balance.asset.padding(to: 8))\(balance.free.padding(to: 20))locked \(balance.locked)"))
        }
        if balances.isEmpty { print("no balances") }
    }
}
