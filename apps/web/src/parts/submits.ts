/** A form that the page handles itself: nothing is sent by the browser, which would load another page. */
export function submits(task: () => unknown): (event: Event) => void {
  return (event) => {
    event.preventDefault()
    void task()
  }
}
