import ArgumentParser
import MeshBench

@main
struct Main {
    static func main() async {
        await BenchCommand.main()
    }
}
