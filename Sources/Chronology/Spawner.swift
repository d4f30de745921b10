// SPDX-License-Identifier: Apache-2.0
// The one way to start work that nobody awaits. The shell decides where it runs; a simulation
// runs it on its own single thread.

/// Starts asynchronous work on an executor that the world was given.
package protocol Spawner: Sendable {
    /// Starts `work`; it may begin before this returns.
    func spawn(_ work: @escaping @Sendable () async -> Void)
}

/// Background work of a world: started on its executor and counted as activity.
package struct Background: Sendable {
    private let spawner: any Spawner
    package let activity: Activity

    package init(spawner: any Spawner, activity: Activity) {
        self.spawner = spawner
        self.activity = activity
    }

    /// Starts `work` and counts it until it returns.
    package func run(_ work: @escaping @Sendable () async -> Void) {
        activity.begin()
        let activity = activity
        spawner.spawn {
            await work()
            activity.end()
        }
    }
}
