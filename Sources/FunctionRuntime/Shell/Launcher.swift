// SPDX-License-Identifier: Apache-2.0
// Carries out launch plans on a thread of its own, since starting a process blocks for a
// millisecond or two.

import CSandbox
import Glibc

/// A process to start, in the terms of `csandbox_spawn`.
struct LaunchPlan: Sendable {
    struct Bind: Sendable {
        let source: String
        let target: String
        let isFile: Bool
    }

    var program: String
    var arguments: [String]
    var environment: [String]
    var directory: String?
    /// Copies become the child's 0, 1, 2 and so on; they stay the caller's to close.
    var descriptors: [Int32] = []
    var controlGroups: [Int32] = []
    /// The folder the binds are mounted under, root only.
    var stage: String?
    var binds: [Bind] = []
    var userID: UInt32 = 0
    var insideUserID: UInt32 = 1000
    /// Ports to listen at in a network of the child's own; `nil` shares the machine's.
    var networkPorts: [UInt16]?
    /// The network's interface beside its loopback.
    var interface: NetworkInterface?
    var isSessionLeader = false
    var openFilesMax: UInt64 = 1024
    var processesMax: UInt64 = 0
    var fileBytesMax: UInt64 = 0
}

/// A started process.
struct LaunchedProcess: Sendable {
    let processID: pid_t
    /// Readable once the process has ended.
    let exitDescriptor: Int32
    /// One for each port asked for, in that order.
    let listeners: [Int32]
    /// The frames of its network's interface, -1 where there is none.
    let frames: Int32
}

/// Starts processes, one after the other.
actor Launcher {
    private nonisolated let thread: BlockingThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init() throws(ShellError) { thread = try BlockingThread(name: "launcher") }

    deinit { thread.stop() }

    func launch(_ plan: LaunchPlan) throws(ShellError) -> LaunchedProcess {
        try Self.spawn(plan)
    }

    /// Starts a process from the calling thread, which it dies with.
    static func spawn(_ plan: LaunchPlan) throws(ShellError) -> LaunchedProcess {
        let strings = CStrings()
        var sources = plan.binds.map { bind in
            csandbox_bind(
                source: strings.copy(bind.source), target: strings.copy(bind.target),
                is_file: bind.isFile ? 1 : 0)
        }
        var arguments = plan.arguments.map(strings.copyMutable) + [nil]
        var environment = plan.environment.map(strings.copyMutable) + [nil]
        var child = csandbox_child()
        var request = csandbox_plan()
        request.program = strings.copy(plan.program)
        request.directory = plan.directory.flatMap(strings.copy)
        request.stage = plan.stage.flatMap(strings.copy)
        request.user = plan.userID
        request.inside_user = plan.insideUserID
        request.new_session = plan.isSessionLeader ? 1 : 0
        request.open_files_max = plan.openFilesMax
        request.processes_max = plan.processesMax
        request.file_bytes_max = plan.fileBytesMax
        request.descriptor_count = Int32(plan.descriptors.count)
        request.cgroup_count = Int32(plan.controlGroups.count)
        request.bind_count = Int32(sources.count)
        let ports = (plan.networkPorts ?? []).prefix(Int(CSANDBOX_PORTS_MAX))
        request.new_network = plan.networkPorts == nil ? 0 : 1
        request.port_count = Int32(ports.count)
        withUnsafeMutableBytes(of: &request.ports) { room in
            let slots = room.bindMemory(to: UInt16.self)
            for (slot, port) in ports.enumerated() { slots[slot] = port }
        }
        var unreachable = (plan.interface?.unreachable ?? []).map {
            csandbox_range(address: $0.address.bigEndian, mask: $0.mask.bigEndian)
        }
        var interface = Self.interface()
        interface.unreachable_count = Int32(unreachable.count)
        let hasInterface = plan.interface != nil
        plan.descriptors.withUnsafeBufferPointer { descriptors in
            plan.controlGroups.withUnsafeBufferPointer { groups in
                request.descriptors = descriptors.baseAddress
                request.cgroups = groups.baseAddress
                sources.withUnsafeMutableBufferPointer { binds in
                    request.binds = UnsafePointer(binds.baseAddress)
                    unreachable.withUnsafeMutableBufferPointer { ranges in
                        interface.unreachable = UnsafePointer(ranges.baseAddress)
                        withUnsafePointer(to: interface) { interface in
                            request.interface = hasInterface ? interface : nil
                            arguments.withUnsafeMutableBufferPointer { arguments in
                                environment.withUnsafeMutableBufferPointer { environment in
                                    request.arguments = UnsafePointer(arguments.baseAddress)
                                    request.environment = UnsafePointer(environment.baseAddress)
                                    csandbox_spawn(&request, &child)
                                }
                            }
                        }
                    }
                }
            }
        }
        withExtendedLifetime(strings) {}
        guard child.error == 0 else {
            throw ShellError(child.step.map { String(cString: $0) } ?? "spawn", child.error)
        }
        let listeners = withUnsafeBytes(of: child.listeners) { room in
            Array(room.bindMemory(to: Int32.self).prefix(ports.count))
        }
        return LaunchedProcess(
            processID: child.pid, exitDescriptor: child.pidfd, listeners: listeners,
            frames: child.frames)
    }

    /// The interface that every function with a way out has, without its forbidden ranges.
    private static func interface() -> csandbox_interface {
        let network = IPv4Range(
            address: NetworkInterface.address, prefix: NetworkInterface.prefix)
        var interface = csandbox_interface()
        interface.address = NetworkInterface.address.bigEndian
        interface.mask = network.mask.bigEndian
        interface.gateway = NetworkInterface.gateway.bigEndian
        interface.mtu = Int32(NetworkInterface.mtu)
        return interface
    }

    /// Runs blocking work that must not hold up the functions thread.
    func perform<Result: Sendable>(_ work: @Sendable () -> Result) -> Result { work() }
}

/// C copies of strings that live as long as this does.
private final class CStrings {
    private var owned: [UnsafeMutablePointer<CChar>] = []

    deinit {
        for pointer in owned { free(pointer) }
    }

    func copyMutable(_ string: String) -> UnsafeMutablePointer<CChar>? {
        guard let pointer = strdup(string) else { return nil }
        owned.append(pointer)
        return pointer
    }

    func copy(_ string: String) -> UnsafePointer<CChar>? { UnsafePointer(copyMutable(string)) }
}
