// For whoever had the keys before: the same secrets under others.

extension SealedSecretStore {
    /// Seals every value anew, under another data key, which another wrapping key wraps: whoever had the keys before opens nothing of what is written
    /// from now on. Versions and stages stay as they are.
    public func reseal(under other: any WrappingKey) async throws {
        do {
            let writer = try await FolderWriter.locked(folder)
            var (document, dataKey) = try await openOrMake()
            let before = SealingKeys(dataKey: dataKey)
            let fresh = Self.newDataKey()
            let after = SealingKeys(dataKey: fresh)
            for (name, versions) in document.secrets {
                document.secrets[name] = try versions.map { version in
                    var version = version
                    version.sealed = try version.sealed.map { try after.seal(try before.open($0, address(name, version.id)), address(name, version.id)) }
                    return version
                }
            }
            document.wrappedKey = try await other.wrap(fresh)
            document.generation += 1
            try writer.replace(file, with: try SealedFile.bytes(document, after))
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: kind, secret: nil, cause: cause)
        }
    }

    /// Whether there is a file, and the key given is the one that wraps it.
    ///
    /// - Throws: `SecretStoreError.Cause`: damage, another's file.
    var isOpen: Bool {
        get async throws {
            do {
                _ = try await open()
                return true
            } catch let cause as SecretStoreError.Cause where cause.isWrongKey || cause == .notFound {
                return false
            }
        }
    }
}
