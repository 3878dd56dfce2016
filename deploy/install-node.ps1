# Installs the node on a Windows 10 or 11 office PC and starts it with Windows. Run once, as administrator:
#   powershell -ExecutionPolicy Bypass -File install-node.ps1 -Wheel motcua-0.1.0-py3-none-any.whl
# Needs Python 3.11 or later for all users. -Packages names a folder with the wheels of requirements-node.lock, for a PC
# without internet. Data goes to C:\ProgramData\Motcua, outside users' and cloud folders, readable by the service only.
param(
    [Parameter(Mandatory = $true)][string]$Wheel,
    [string]$Packages = "",
    [string]$Program = "C:\Program Files\Motcua",
    [string]$Data = "C:\ProgramData\Motcua"
)
$ErrorActionPreference = "Stop"

py -3 -m venv "$Program"
$python = Join-Path $Program "Scripts\python.exe"
$lock = Join-Path $PSScriptRoot "requirements-node.lock"
if ($Packages) {
    & $python -m pip install --no-index --find-links $Packages --require-hashes --only-binary ":all:" -r $lock
} else {
    & $python -m pip install --require-hashes --only-binary ":all:" -r $lock
}
& $python -m pip install --no-deps $Wheel

New-Item -ItemType Directory -Force $Data | Out-Null
# S-1-5-19 is the local service account, S-1-5-32-544 the administrators: names differ between languages of Windows.
icacls $Data /inheritance:r /grant "*S-1-5-19:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F" | Out-Null
[Environment]::SetEnvironmentVariable("MOTCUA_NODE_DATA", $Data, "Machine")

$action = New-ScheduledTaskAction -Execute (Join-Path $Program "Scripts\motcua-node.exe") -Argument "serve --data `"$Data`""
$trigger = New-ScheduledTaskTrigger -AtStartup
$settings = New-ScheduledTaskSettingsSet -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) `
    -ExecutionTimeLimit ([TimeSpan]::Zero) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
$account = New-ScheduledTaskPrincipal -UserId "S-1-5-19" -LogonType ServiceAccount
Register-ScheduledTask -TaskName "Motcua node" -Action $action -Trigger $trigger -Settings $settings `
    -Principal $account -Force | Out-Null
Start-ScheduledTask -TaskName "Motcua node"

Write-Output "Motcua: http://127.0.0.1:8480/"
