public import Logging
public import NIOCore

/// What a service is given to build itself from.
public struct ServiceContext: Sendable {
    public let settings: ServiceSettings
    public let logger: Logger
    public let eventLoopGroup: any EventLoopGroup
}
