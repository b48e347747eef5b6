import TrackerCommands

Tool.run(StandaloneDump.self)
