// ServiceKit: see Package.swift for what belongs here.
