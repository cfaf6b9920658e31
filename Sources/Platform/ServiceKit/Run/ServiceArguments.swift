internal import ArgumentParser

/// The command line of every service.
struct ServiceArguments: ParsableArguments {
    enum Action: String, ExpressibleByArgument {
        /// Serves until it is told to stop.
        case serve
        /// Asks the running service whether it is healthy; exit code 0 or 1. For a container's health check.
        case health
        /// Confines itself, then says which of the paths it can still open.
        case access
    }

    @Argument(help: "serve, health or access.")
    var action = Action.serve

    @Argument(help: "Paths to try, for `access`.")
    var paths: [String] = []

    @Option(help: "The service's settings.json.")
    var settings: String

    @Option(help: "Process id of the supervisor: when it ends, this process ends.")
    var supervisor: Int32?
}
