import ArgumentParser
import PulseCommands

@main
struct Main {
    static func main() async {
        await PulseCommand.main()
    }
}
