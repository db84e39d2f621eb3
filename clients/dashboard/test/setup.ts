// jsdom knows <dialog> but not its methods; whether it is modal is for real browsers to show.
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
  this.open = false;
};

// jsdom has no layout to scroll, and says so.
window.scrollTo = () => {};
