import Hummingbird
import NIOCore

/// What the exchange knows about a request besides itself.
struct SandboxContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Limits are kept by it.
    let clientAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        clientAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
