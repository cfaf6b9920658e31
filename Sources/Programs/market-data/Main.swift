import MarketDataService
import ServiceKit

@main
struct Main {
    static func main() {
        ServiceMain.run("market-data", build: MarketDataServiceProgram.build)
    }
}
